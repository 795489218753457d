"""The desktop window: its pages, its widgets and what runs behind them.

Widgets hold no logic of captures: a page asks a question (`Page.question`), the question is answered
on another thread by rooms that know no Qt, and the page shows the answer.
"""

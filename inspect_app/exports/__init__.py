"""What is handed to other tools: a selection of events, or a view's rows, in the forms that these read.

    export  ::=  kind  selection  source       one file, or for Parquet a folder of many

`kinds` has the table of forms, `export` writes one of them. Each says from which capture and which selection
it came, inside the file where its form has a place for that, else in a file beside it. The same capture and
the same selection give the same bytes, whenever it is written.
"""

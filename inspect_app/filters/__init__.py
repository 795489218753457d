"""The filter language: fields, grammar, evaluation, completion."""

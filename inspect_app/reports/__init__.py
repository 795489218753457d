"""What is handed over: one report model, one writer a form."""

"""The pages in the middle of the window; each asks one question of the selection and shows the answer."""

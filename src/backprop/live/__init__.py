"""The engine of demos and cells: what a demo is, and its two front ends, widgets and pages.

`controls` and `demo` say what a demo is, `session` holds one in use; `widgets` shows it in Jupyter, `page`
on the book's pages. `cells` runs a page's code cells, `figures` is their matplotlib backend.
"""

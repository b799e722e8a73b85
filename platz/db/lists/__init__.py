"""The lists and detail reads of the API: the collections, their filters, and the statements that read them."""

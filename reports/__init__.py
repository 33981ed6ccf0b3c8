"""Tables, figures and the page that a reader opens; data come in, files go out."""

"""A pattern file to peaks: formats, radiation, background, peak shapes."""

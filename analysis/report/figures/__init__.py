"""The figures of the report: `figure_list` chooses the data, `charts` draws them, `svg` holds the elements."""

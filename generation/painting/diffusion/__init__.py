"""The painter that runs a diffusion model: its options, files, tokenizers, schedulers and the model in memory.

Imports the interface and the errors of painting. Doors: `painter`, `options`, and `model_files` to fetch a model.
"""

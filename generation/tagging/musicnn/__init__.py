"""musicnn: Pons & Serra, "musicnn: Pre-trained convolutional neural networks for music audio tagging", 2019."""

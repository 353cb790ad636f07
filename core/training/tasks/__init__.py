"""What can be trained: each purpose's network with its data, losses and measure."""

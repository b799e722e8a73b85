"""How clients change a cluster: the path of every write, deletion, and what a new Pod must find."""

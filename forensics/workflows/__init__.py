"""What the commands do, without a terminal: settings and callbacks in, values out, nothing is printed."""

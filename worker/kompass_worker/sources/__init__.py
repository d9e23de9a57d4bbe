"""Models and data, brought into a folder of this machine from wherever they lie."""

"""From a rendered film to one that people see."""

"""Moving money. One module for each executor; the only room that ever sees a number."""

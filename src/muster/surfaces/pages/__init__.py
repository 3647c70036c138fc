"""What the pages that customers open have in common: their frame and style, languages, headers, and who may guess."""

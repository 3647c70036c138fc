"""The nouns and their laws. Pure: no clock, no random, no input or output."""

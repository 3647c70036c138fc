"""The page behind the link in an e-mail: which messages its reader wants, and one click to be rid of them."""

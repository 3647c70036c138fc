"""The page behind a link: a customer answers, declines, stops the messages. No JavaScript, no vendor."""

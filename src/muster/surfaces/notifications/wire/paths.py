"""Where everything of this door stands."""

PREFIX = "/public/v1/notifications"
"""Where every path of this door begins."""
BATCHES = f"{PREFIX}/batches"
ATTACHMENT = f"{BATCHES}/{{batch_id:str}}/attachments/{{attachment_id:str}}"
DOWNLOADS = f"{PREFIX}/downloads"
"""Below it, attachments for whoever holds a signed link."""
CATEGORIES = f"{PREFIX}/categories"
CONTACTS = f"{PREFIX}/contacts"
MESSAGES = f"{PREFIX}/messages"
SUBSCRIBERS = f"{PREFIX}/subscribers"
ACCOUNTS = f"{PREFIX}/accounts"
OWN_PREFIX = "/_local/notifications"
"""Where what the vendor has no call for begins."""
PREFIXES = (PREFIX, OWN_PREFIX)
MESSAGE_EVENTS = f"{OWN_PREFIX}/messages/{{message_id:str}}/events"
MOST_BYTES = 30_000_000
"""The largest request, in octets (section 9 of the door's specification)."""

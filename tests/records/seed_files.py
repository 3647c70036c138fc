"""A small file of records, in two halves: its blueprint, and what it sets up."""

BLUEPRINT = """
title = "A small set"
[blueprint]
company_currency = "USD"
lists = [{ id = 1, name = "Genre", values = ["Drama", "War"] }]
parties = [{ id = 9, name = "Director" }]
[[blueprint.processes]]
id = 4
name = "Titles"
statuses = [{ id = 1, name = "Open", actions = ["Lock"] }, { id = 2, name = "Locked", locked = true }]
actions = [{ id = 1, name = "Open", to = "Open", initial = true }, { id = 2, name = "Lock", to = "Locked" }]
[[blueprint.templates]]
type = "catalog-item"
id = 1
name = "Feature"
process = "Titles"
[blueprint.templates.fields]
premiere = "date"
genre = { list = "Genre" }
code = { max_length = 4 }
release = "date"
budget = "money"
[[blueprint.templates]]
type = "contact"
id = 1
name = "Talent"
[[blueprint.templates]]
type = "deal"
id = 12
name = "License"
children = ["catalog-item/Feature"]
fields = { start = { type = "date", required = true } }
"""
ROWS = """
[[rates]]
from = "EUR"
to = "USD"
rate = 1.1
since = 2024-01-01
[[periods]]
year = 2024
period = 1
start = 2024-01-01
end = 2024-01-31
[[records]]
type = "catalog-item"
id = 1001
title = "The Harbour"
status = "Locked"
values = { premiere = 2024-02-29, genre = "Drama", budget = { locAmt = 10.50, locCur = "EUR" } }
[[records]]
type = "contact"
id = 7
title = "Ada Brown"
[[records]]
type = "deal"
id = 2
title = "Harbour deal"
values = { start = "2024-01-10" }
[[relationships]]
id = 40
parent = "deal/2"
child = "catalog-item/1001"
[[relationships]]
id = 41
parent = "catalog-item/1001"
child = "contact/7"
party = "Director"
[[date_rules]]
target = "catalog-item/1001 release"
choosing = "latest"
compare_to = 2024-01-01
sources = [{ of = "catalog-item/1001 premiere", months = 1 }, { of = "deal/2 start", days = 3, back = true }]
"""

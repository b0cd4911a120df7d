"""Eyes of a portrait: lids that close over an eyeball that stays, and the photograph's own irises that look around."""

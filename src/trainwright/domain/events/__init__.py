"""Sentences of events, one module an area: `EVENTS` by stable code, merged by `domain.texts`."""

"""What the page shows, in both languages."""

from edge_agent.zones_page.kinds import kinds
from edge_agent.zones_page.titles import TITLES


def test_every_field_is_explained_in_both_languages() -> None:
    fields = [field for kind in kinds() for field in kind.fields]
    assert {field.en for field in fields} == TITLES.keys()
    for field in fields:
        assert field.en.isascii(), field
        assert not field.zh.isascii(), field

"""What every reason of an answer must say, whatever the answer is."""

from esashell.resolver.answer import Answer, Ede, Reason, Security
from esashell.resolver.reasons import Why


def reasons(answer: Answer) -> list[Reason]:
    """All that are in the answer and on its way."""
    found = [answer.reason, *(hop.reason for hop in answer.hops)]
    return [each for each in found if each is not None]


def well_worded(answer: Answer) -> set[str]:
    """Checks the reasons of an answer, and that it has one unless it is SECURE; the situations."""
    if answer.security is not Security.SECURE:
        assert answer.reason is not None, answer
    for hop in answer.hops:
        assert hop.security is Security.SECURE or hop.reason is not None, hop
        if hop.security is Security.BOGUS:
            assert any(link.security is Security.BOGUS for link in hop.chain), hop
    found = reasons(answer)
    for each in found:
        assert each.code in list(Ede), each
        assert each.situation in Why.__members__, each
        assert each.zone.endswith("."), each
        assert each.about, each
        assert each.cure, each
        assert each.zone in each.text, each
        assert each.about in each.text, each
        assert each.text == f"{each.finding}: {each.cure}", each
        assert "{" not in each.text, each
        assert "None" not in each.text, each
    return {each.situation for each in found}

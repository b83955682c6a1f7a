"""That the suite leaves nothing of the contract unsaid."""

from tests.e2e.modelarts.claims import collect, standing
from tests.e2e.modelarts.official import names, operation


def test_every_operation_is_claimed_by_a_test() -> None:
    """Guards against an operation that nothing proves: it would be missing on the compatibility page."""
    claims = collect()
    missing = [name for name in names() if name not in claims]
    assert not missing, f"no test covers {missing}"


def test_every_request_field_is_claimed_by_a_test() -> None:
    """Guards against a field of a request that nobody knows the fate of."""
    claims = collect()
    unsaid = []
    for name in names():
        stands = standing(name, claims)
        unsaid += [f"{name}: {field}" for field in (stands.unclaimed if stands else operation(name).fields)]
    assert not unsaid, "\n".join(unsaid)

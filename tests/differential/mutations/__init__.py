"""What may be wrong with a message about a signed zone: one function for each way, and their table.

A mutation takes a message apart, changes something that the dice choose, and says whether it
found anything to change. Where a mistaken zone would have signed what it says, the change is signed
again with the zone's own keys, so that nothing but the fault itself gives it away.
"""

from tests.differential.mutations import delegations, denials, records, signatures
from tests.differential.mutations.draft import FOUND, NOW, Draft, Mutation, Signer

# In the order of their names: a case is the same wherever its mutations are written.
MUTATIONS: dict[str, Mutation] = dict(sorted(FOUND.items()))

__all__ = ["MUTATIONS", "NOW", "Draft", "Signer", "delegations", "denials", "records", "signatures"]

// Stands in until the tests of Replay land.
// It asserts nothing and goes with them.

import Testing

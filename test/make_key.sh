#!/bin/sh
# Print a key ring for tests.  The key is public: never use it for people.
cat <<'KEY'
# tip_module test key: public, never use it for people
1:active:2026-01-01:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
KEY

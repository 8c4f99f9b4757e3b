#!/bin/sh
# Print a key file for tests.  The key is public: never use it for people.
cat <<'KEY'
# tip_module test key: public, never use it for people
version 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
KEY

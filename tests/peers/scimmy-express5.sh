#!/usr/bin/env bash
# The npm package scimmy-routers on Express 5 as a vendor: scimmy-express5.sh PORT FOLDER.
exec bash "$(dirname "$0")/scimmy/serve.bash" "$1" "$2" express5

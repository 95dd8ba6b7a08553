#!/usr/bin/env bash
# The npm package scimmy-routers on Express 4 as a vendor: scimmy-express4.sh PORT FOLDER.
exec bash "$(dirname "$0")/scimmy/serve.bash" "$1" "$2" express4

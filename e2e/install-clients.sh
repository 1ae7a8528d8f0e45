#!/bin/sh
# Installs the real S3 and BitTorrent clients that the end-to-end tests drive, through apt-get, when we
# are root and some are missing. Otherwise says what is missing: the tests that need it are then skipped,
# each naming its client. SHOAL_NO_INSTALL=1 keeps it from installing.
set -u

packages='awscli s3cmd rclone aria2 transmission-cli rtorrent mktorrent python3-libtorrent python3-boto3'

missing=
for p in $packages; do
	case "$(dpkg-query -W -f='${Status}' "$p" 2>/dev/null)" in
	*' installed') ;;
	*) missing="$missing $p" ;;
	esac
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && [ -z "${SHOAL_NO_INSTALL:-}" ] && command -v apt-get >/dev/null; then
	echo "installing the clients that the tests drive:$missing"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # a list of words
	apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
	echo "apt-get could not install them"
fi
echo "not installed, so the tests that need them will be skipped:$missing"

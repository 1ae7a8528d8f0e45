#!/bin/sh
# Installs the real S3 and BitTorrent clients that the end-to-end tests drive: those of Debian through apt-get,
# when we are root and some are missing, those of npm, Versity's conformance suite and Pebble, an ACME
# server for tests, into directories of their own. Otherwise says what is missing: the tests that need it are then
# skipped, each naming its client. SHOAL_NO_INSTALL=1 keeps it from installing.
set -u

packages='awscli s3cmd rclone restic duplicity s3fs aria2 transmission-cli rtorrent qbittorrent-nox mktorrent python3-libtorrent python3-boto3 python3-zeep iproute2 curl tshark'
npm_packages='webtorrent-cli@4.1.0 @roamhq/wrtc@0.10.0' # wrtc: WebRTC for node, built
npm_directory="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/shoal-e2e/npm" # findNPM looks there
versity=github.com/versity/versitygw/cmd/versitygw@v1.8.0 # TestConformance
versity_directory="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/shoal-e2e/versitygw-v1.8.0" # findVersity looks there
pebble=v2.10.1 # TestACMEBy...
pebble_directory="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/shoal-e2e/pebble-$pebble" # findPebble looks there

install_debian() {
	missing=
	for p in $packages; do
		case "$(dpkg-query -W -f='${Status}' "$p" 2>/dev/null)" in
		*' installed') ;;
		*) missing="$missing $p" ;;
		esac
	done
	[ -z "$missing" ] && return
	if [ "$(id -u)" = 0 ] && [ -z "${SHOAL_NO_INSTALL:-}" ] && command -v apt-get >/dev/null; then
		echo "installing the clients that the tests drive:$missing"
		export DEBIAN_FRONTEND=noninteractive
		# shellcheck disable=SC2086 # a list of words
		apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null && return
		echo "apt-get could not install them"
	fi
	echo "not installed, so the tests that need them will be skipped:$missing"
}

# What is installed is written down last: a directory without that is not whole.
install_npm() {
	[ "$(cat "$npm_directory/installed" 2>/dev/null)" = "$npm_packages" ] && return
	if [ -z "${SHOAL_NO_INSTALL:-}" ] && command -v npm >/dev/null; then
		echo "installing with npm: $npm_packages"
		rm -rf "$npm_directory"
		# No script of a package is run: what they would build is another WebRTC.
		# shellcheck disable=SC2086 # a list of words
		mkdir -p "$npm_directory" &&
			npm install --prefix "$npm_directory" --ignore-scripts --no-audit --no-fund --loglevel=error $npm_packages >/dev/null &&
			echo "$npm_packages" >"$npm_directory/installed" && return
		echo "npm could not install them"
	fi
	echo "not installed, so the tests that need them will be skipped: $npm_packages"
}

install_versity() {
	[ -x "$versity_directory/versitygw" ] && return
	if [ -z "${SHOAL_NO_INSTALL:-}" ] && command -v go >/dev/null; then
		echo "building $versity"
		GOBIN="$versity_directory" go install "$versity" 2>/dev/null && return
		echo "go could not build it"
	fi
	echo "not installed, so the tests that need it will be skipped: $versity"
}

install_pebble() {
	[ -x "$pebble_directory/pebble" ] && [ -x "$pebble_directory/pebble-challtestsrv" ] && return
	if [ -z "${SHOAL_NO_INSTALL:-}" ] && command -v go >/dev/null; then
		echo "building pebble $pebble"
		module=github.com/letsencrypt/pebble/v2/cmd
		GOBIN="$pebble_directory" go install "$module/pebble@$pebble" "$module/pebble-challtestsrv@$pebble" 2>/dev/null && return
		echo "go could not build it"
	fi
	echo "not installed, so the tests that need it will be skipped: pebble $pebble"
}

install_debian
install_npm
install_versity
install_pebble

// A WebTorrent peer that is reached by WebRTC alone: webtorrent_peer.mjs NODE_MODULES TORRENT DIRECTORY seed|leech
//
// It announces to the ws:// trackers of the torrent and to no other. A seeder has the content in DIRECTORY, prints
// "ready" once it has announced and stays; a leecher prints "complete TYPE...", the types of its connections, and ends.
// Both print "warning ..." for what a tracker refuses.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const [modules, file, path, role] = process.argv.slice(2)
const require = createRequire(join(modules, '/'))
const { default: WebTorrent } = await import(require.resolve('webtorrent'))
const { default: parseTorrent } = await import(require.resolve('parse-torrent'))
const wrtc = require('@roamhq/wrtc')

const info = await parseTorrent(readFileSync(file))
info.announce = info.announce.filter(url => url.startsWith('ws:'))
info.urlList = []

const client = new WebTorrent({ tracker: { wrtc }, dht: false, lsd: false, natUpnp: false, natPmp: false, utp: false })
client.on('error', err => { console.log('error', err.message); process.exit(1) })
const torrent = client.add(info, { path, skipVerify: false })
const types = new Set()
torrent.on('wire', wire => types.add(wire.type))
torrent.on('warning', err => console.log('warning', err.message))
if (role === 'seed') {
  torrent.on('done', () => torrent.discovery.tracker.once('update', () => console.log('ready')))
} else {
  torrent.on('done', () => client.destroy(() => { console.log('complete', ...types); process.exit(0) }))
}

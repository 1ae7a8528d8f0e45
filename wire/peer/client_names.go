package peer

import "strings"

// azureusClients lists the two letters of Azureus-style ids with their programs: BEP 20, and ids
// that newer programs have chosen since. One line each; a constant, because nothing may change it.
const azureusClients = `
7T aTorrent
AG Ares
A~ Ares
AZ Azureus
BC BitComet
BF Bitflu
BI BiglyBT
BT BitTorrent
CD CTorrent
CT CTorrent
DE Deluge
FD Free Download Manager
FG FlashGet
FL Flud
FT FoxTorrent
FX Freebox
GT anacrolix/torrent
HL Halite
KG KGet
KT KTorrent
LP Lphant
LT libtorrent
lt rTorrent
MO MonoTorrent
MR Miro
NX Net Transport
PI PicoTorrent
qB qBittorrent
QD QQDownload
RN Rain
SD Xunlei
SL Shoal
SZ Shareaza
S~ Shareaza
TL Tribler
TR Transmission
TT TuoTu
TX Tixati
UE uTorrent
UM uTorrent
UT uTorrent
UW uTorrent
VG Vagaa
WD WebTorrent
WW WebTorrent
XF Xfplay
XL Xunlei
ZT ZipTorrent
`

// azureusName returns the program with these two letters, or UnknownClient.
func azureusName(code string) string {
	_, rest, found := strings.Cut(azureusClients, "\n"+code+" ")
	if !found {
		return UnknownClient
	}
	name, _, _ := strings.Cut(rest, "\n")
	return name
}

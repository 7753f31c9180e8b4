package config

import (
	"bytes"
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Switch is "on", "off" or "auto".
type Switch string

// Level is debug, info, warn or error.
type Level slog.Level

// UnmarshalText takes letters of either case.
func (l *Level) UnmarshalText(text []byte) error {
	if bytes.ContainsAny(text, "+-") { // as in INFO+4, which slog knows
		return fmt.Errorf("%q is not a level", text)
	}
	return (*slog.Level)(l).UnmarshalText(text)
}

// Networks are IP networks. An address is a network with one address. IPv4 written as
// IPv6, such as ::ffff:10.0.0.0/104, is IPv4.
type Networks []netip.Prefix

// UnmarshalText reads networks and addresses with commas between them.
func (n *Networks) UnmarshalText(text []byte) error {
	for _, part := range strings.Split(string(text), ",") {
		part = strings.TrimSpace(part)
		if address, err := netip.ParseAddr(part); err == nil {
			address = address.Unmap()
			*n = append(*n, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			return err
		}
		if network.Addr().Is4In6() && network.Bits() >= 96 {
			network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
		}
		*n = append(*n, network.Masked())
	}
	return nil
}

// Origins are origins of web pages, as a browser sends them in Origin.
type Origins []string

// UnmarshalText reads origins with commas between them.
func (o *Origins) UnmarshalText(text []byte) error {
	for _, part := range strings.Split(string(text), ",") {
		origin := strings.TrimSpace(part)
		if !isOrigin(origin) {
			return fmt.Errorf("%q is not an origin", origin)
		}
		*o = append(*o, origin)
	}
	return nil
}

// isOrigin reports whether a browser may send text as it is: with the host in lower case
// and in ASCII, and without a port that is the usual one of the scheme.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	usualPort, ok := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return ok && hasAddress(u) && text == u.Scheme+"://"+strings.ToLower(u.Host) &&
		!strings.HasSuffix(u.Host, usualPort) && !strings.HasSuffix(u.Host, ":") &&
		!strings.ContainsFunc(text, func(r rune) bool { return r == '*' || r > unicode.MaxASCII })
}

func isURL(text string, schemes ...string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && u.Fragment == "" && slices.Contains(schemes, u.Scheme) && hasAddress(u)
}

// hasAddress reports whether u names a server. url.Parse takes any number as a port, and
// https://:443. Only Redis has a default for the host.
func hasAddress(u *url.URL) bool {
	port, err := strconv.ParseUint(cmp.Or(u.Port(), "1"), 10, 16)
	return err == nil && port > 0 && (u.Hostname() != "" || strings.HasPrefix(u.Scheme, "redis"))
}

func isHost(host string) bool {
	return !strings.ContainsAny(host, " /[]") && (!strings.Contains(host, ":") || net.ParseIP(host) != nil)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

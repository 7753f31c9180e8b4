package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Switch is "on", "off" or "auto".
type Switch string

// Networks are IP networks. An address is a network with one address.
type Networks []netip.Prefix

// UnmarshalText reads networks and addresses with commas between them.
func (n *Networks) UnmarshalText(text []byte) error {
	for _, part := range strings.Split(string(text), ",") {
		part = strings.TrimSpace(part)
		if address, err := netip.ParseAddr(part); err == nil {
			*n = append(*n, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			return err
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
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != u.Scheme+"://"+strings.ToLower(u.Host) || strings.Contains(origin, "*") {
			return fmt.Errorf("%q is not an origin", origin)
		}
		*o = append(*o, origin)
	}
	return nil
}

func isURL(text string, schemes ...string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && u.Fragment == "" && slices.Contains(schemes, u.Scheme)
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

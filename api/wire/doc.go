// Package wire is the hand-written half of what stands between HTTP and the
// handlers of the contract: it reads JSON and form bodies and checks them against
// the contract's rules, checks parameters, and writes answers. The other half,
// which knows the contract, is generated into package gen by tools/binding and
// calls this package.
//
// A body is read by the generated DecodeJSON method of its type, which walks
// through the text with a [Decoder]; broken rules are collected and come back as
// one [InvalidError]. An answer is written by the generated AppendJSON method of
// its type. There is no reflection in either, and encoding/json would take several
// times as long: see tests/validation.
package wire

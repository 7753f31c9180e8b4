// Package wire reads requests and writes answers by the rules of the contract. It
// does not know the contract: the package gen, which tools/binding generates from
// it, has the rules and calls this package.
//
// A body is read by the generated DecodeJSON method of its type, which walks
// through the text with a [Decoder]; all broken rules together come back as one
// [InvalidError]. An answer is written by the generated AppendJSON method of its
// type. Neither uses reflection: encoding/json takes longer and checks less, see
// BenchmarkDecode in tests/validation.
package wire

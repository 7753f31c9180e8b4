package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// validation prints what it costs to hold a body against the contract, over
// decoding it strictly.
func validation(ctx context.Context) error {
	out, err := goTest(ctx, "./tests/validation", "-bench", "Decode/5000", "-benchtime", "200x")
	if err != nil {
		return err
	}
	fmt.Printf("\nValidation over bare strict decoding, aim 1.30 ×\n\n")
	for _, m := range regexp.MustCompile(`(?m)^BenchmarkDecode/(\S+?)(?:-\d+)?\s.*?(\S+) ratio`).FindAllStringSubmatch(out, -1) {
		fmt.Printf("%-46s %s ×\n", m[1], m[2])
	}
	return nil
}

// cores prints what a second core is good for, where neither client nor store
// is the limit: a hot session without a network, in a process of its own.
func cores(ctx context.Context) error {
	out, err := goTest(ctx, "./tests/bench", "-bench", "Handler", "-cpu", "1,2", "-count", "5", "-benchtime", "30000x")
	if err != nil {
		return err
	}
	best := map[string]float64{}
	for _, m := range regexp.MustCompile(`(?m)^BenchmarkHandler(-2)?\s+\d+\s+(\S+) ns/op`).FindAllStringSubmatch(out, -1) {
		ns, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return err
		}
		if known, ok := best[m[1]]; !ok || ns < known {
			best[m[1]] = ns
		}
	}
	fmt.Printf("\nTwo cores against one, without a network: %.2f × (aim 1.80); %.1f µs a request on one\n", best[""]/best["-2"], best[""]/1e3)
	return nil
}

// allocations prints what a request of each operation allocates.
func allocations(ctx context.Context, data string) error {
	fmt.Printf("\nAllocations, for benchstat\n\n")
	command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "Operation", "-benchtime", "300ms", "./tests/bench")
	command.Env = append(os.Environ(), "BENCH_DATA="+data)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}

func goTest(ctx context.Context, pkg string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", append([]string{"test", "-run", "^$", pkg}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go test %s: %w\n%s", pkg, err, out)
	}
	return string(out), nil
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
)

// validation prints the cost of validating a body, compared with strict decoding.
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

// cores prints the speed-up by a second core if neither client nor store is the limit:
// a cached session without a network, in a process of its own. For comparison, it
// prints the speed-up of work that shares nothing on this machine.
func cores(ctx context.Context, rounds int) error {
	ratios := map[string][]float64{}
	for range rounds {
		out, err := goTest(ctx, "./tests/bench", "-bench", "Handler|Nothing", "-cpu", "1,2", "-benchtime", "50000x")
		if err != nil {
			return err
		}
		took := map[string]float64{}
		for _, m := range regexp.MustCompile(`(?m)^Benchmark(\S+)\s+\d+\s+(\S+) ns/op`).FindAllStringSubmatch(out, -1) {
			if took[m[1]], err = strconv.ParseFloat(m[2], 64); err != nil {
				return err
			}
		}
		for _, name := range []string{"Handler", "SharingNothing"} {
			ratios[name] = append(ratios[name], took[name]/took[name+"-2"])
		}
	}
	fmt.Printf("\nTwo cores against one, without a network: %s, aim 1.80; work that shares nothing: %s\n",
		spread(ratios["Handler"]), spread(ratios["SharingNothing"]))
	return nil
}

func spread(ratios []float64) string {
	return fmt.Sprintf("%.2f × (%.2f to %.2f)", median(ratios), slices.Min(ratios), slices.Max(ratios))
}

// allocations prints the allocations of a request of each operation.
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

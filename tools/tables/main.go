// Tables writes the tables of the documentation that are made from other files:
// operations, error codes and limits from the contract, variables from
// variables.yaml. A page has a table where it has the two marks of the table,
// and a page whose name ends in .zh-CN.md has it in Chinese. The list of the
// operations for the reference page of the service is a file of its own.
//
//	go run ./tables openapi.yaml variables.yaml operations.html page.md page.zh-CN.md ...
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// table is a table in both languages. Its marks give its name and the file it
// is made from.
type table struct{ name, source, english, chinese string }

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: tables openapi.yaml variables.yaml operations.html page.md ...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

func run(contractFile, variablesFile, listFile string, pages []string) error {
	var contract yaml.Node
	if err := decode(contractFile, &contract); err != nil {
		return err
	}
	var variables []variable
	if err := decode(variablesFile, &variables); err != nil {
		return err
	}
	var tables []table
	for _, make := range []func() (table, error){
		func() (table, error) { return operationTable(&contract) },
		func() (table, error) { return errorTable(&contract) },
		func() (table, error) { return limitTable(&contract) },
		func() (table, error) { return variableTable(variables) },
	} {
		t, err := make()
		if err != nil {
			return err
		}
		tables = append(tables, t)
	}
	list, err := operationList(&contract)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(listFile, []byte(list), 0o644), insertAll(tables, pages))
}

func decode(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// insertAll writes the tables into the pages. A table that no page has is an
// error, and so is one that only one language has.
func insertAll(tables []table, pages []string) error {
	found := map[string]int{} // per table and language
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		fresh := string(text)
		for _, t := range tables {
			language, rows := "English", t.english
			if strings.HasSuffix(page, ".zh-CN.md") {
				language, rows = "Chinese", t.chinese
			}
			var ok bool
			if fresh, ok, err = t.insert(fresh, rows); err != nil {
				return fmt.Errorf("%s: %w", page, err)
			}
			if ok {
				found[t.name+", "+language]++
			}
		}
		if fresh != string(text) {
			if err := os.WriteFile(page, []byte(fresh), 0o644); err != nil {
				return err
			}
		}
	}
	var missing []error
	for _, t := range tables {
		for _, language := range []string{"English", "Chinese"} {
			if place := t.name + ", " + language; found[place] == 0 {
				missing = append(missing, fmt.Errorf("no page has the table %s", place))
			}
		}
	}
	return errors.Join(missing...)
}

// insert replaces the text between the marks of the table, if there are any.
func (t table) insert(text, rows string) (fresh string, ok bool, err error) {
	begin := "<!-- " + t.name + ", from " + t.source + ": make generate -->\n"
	end := "<!-- end of " + t.name + " -->\n"
	before, rest, ok := strings.Cut(text, begin)
	if !ok {
		return text, false, nil
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", false, fmt.Errorf("the mark %q is missing", end)
	}
	return before + begin + rows + end + after, true, nil
}

package config

import (
	_ "embed"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// Variable is one variable of the environment.
type Variable struct {
	Name    string
	Default string
	// Least and Most are the limits of a number or a duration, and empty for
	// other types.
	Least, Most string
	// Secret means that the value is never shown, and that NAME_FILE can name a
	// file with the value.
	Secret bool
	// The meaning, with code in backquotes.
	English, Chinese string
}

// Variables returns all variables in the order of the documentation.
func Variables() []Variable { return variables() }

// WriteTable writes the English documentation of all variables.
func WriteTable(w io.Writer) error {
	for _, v := range Variables() {
		name := v.Name
		if v.Secret {
			name += " *"
		}
		meaning := strings.ReplaceAll(v.English, "`", "")
		if v.Least != "" {
			meaning += fmt.Sprintf(" From %s to %s.", v.Least, v.Most)
		}
		head := strings.TrimSpace(fmt.Sprintf("%-25s %s", name, v.Default))
		if _, err := fmt.Fprintf(w, "%s\n%s", head, indented(meaning)); err != nil {
			return err
		}
	}
	return nil
}

//go:embed variables.yaml
var variablesYAML []byte

var variables = sync.OnceValue(func() (all []Variable) {
	if err := yaml.Unmarshal(variablesYAML, &all); err != nil {
		panic(err) // the file is part of the program
	}
	return all
})

// check returns an error if value is not within the limits.
func (v Variable) check(value reflect.Value) error {
	var below, above bool
	switch value := value.Interface().(type) {
	case int:
		least, _ := strconv.Atoi(v.Least)
		most, _ := strconv.Atoi(v.Most)
		below, above = value < least, value > most
	case int64:
		least, _ := strconv.ParseInt(v.Least, 10, 64)
		most, _ := strconv.ParseInt(v.Most, 10, 64)
		below, above = value < least, value > most
	case time.Duration:
		least, _ := time.ParseDuration(v.Least)
		most, _ := time.ParseDuration(v.Most)
		below, above = value < least, value > most
	}
	if below || above {
		return &Error{v.Name, "must be from " + v.Least + " to " + v.Most}
	}
	return nil
}

// indented breaks text into lines of at most 80 columns, indented by four.
func indented(text string) string {
	var lines strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		if column == 0 || column+1+len(word) > 80 {
			if column > 0 {
				lines.WriteByte('\n')
			}
			lines.WriteString("   ")
			column = 3
		}
		lines.WriteString(" " + word)
		column += 1 + len(word)
	}
	lines.WriteByte('\n')
	return lines.String()
}

package main

import "fmt"

// variable is one variable of the configuration.
type variable struct{ Name, Default, Least, Most, English, Chinese string }

func variableTable(all []variable) (table, error) {
	t := table{
		name: "variables", source: "impl/config/variables.yaml",
		english: "| variable | default | meaning |\n|---|---|---|\n",
		chinese: "| 变量 | 默认值 | 含义 |\n|---|---|---|\n",
	}
	for _, v := range all {
		if v.Name == "" || v.English == "" || v.Chinese == "" {
			return t, fmt.Errorf("the variable %s is not described in both languages", v.Name)
		}
		if v.Default != "" {
			v.Default = "`" + v.Default + "` "
		}
		if v.Least != "" {
			v.English += fmt.Sprintf(" From `%s` to `%s`.", v.Least, v.Most)
			v.Chinese += fmt.Sprintf("`%s` 到 `%s`。", v.Least, v.Most)
		}
		t.english += fmt.Sprintf("| `%s` | %s| %s |\n", v.Name, v.Default, v.English)
		t.chinese += fmt.Sprintf("| `%s` | %s| %s |\n", v.Name, v.Default, v.Chinese)
	}
	return t, nil
}

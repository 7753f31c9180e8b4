# Reads what go test -v prints and fails unless, in each package of `wanted` (by
# the end of its path), tests ran `on` a container, or a cluster, and none of
# those was skipped.

index($0, "/" on) && /^ *--- PASS: / { ran++ }
index($0, "/" on) && /^ *--- SKIP: / { print "skipped:" substr($0, index($0, ":") + 1); failed = 1 }
/^(ok|FAIL|---|\?)[ \t]+[^ \t]+\// && !/^--- / { passed[$2] = ran; ran = 0 }

END {
    n = split(wanted, packages, " ")
    for (i = 1; i <= n; i++) {
        count = 0
        for (name in passed)
            if (substr(name, length(name) - length(packages[i])) == "/" packages[i]) count += passed[name]
        printf "%s: %d passed on a %s\n", packages[i], count, on
        if (!count) failed = 1
    }
    if (failed) print "tests on a " on " are missing"
    exit failed
}

# Reads what go test -v prints and fails unless, in each package of `wanted` (by
# the end of its path), tests ran on a container and none of those was skipped.

/^ *--- PASS: [^ ]*\/container[\/_ ]/ { ran++ }
/^ *--- SKIP: [^ ]*\/container[\/_ ]/ { print "skipped:" substr($0, index($0, ":") + 1); failed = 1 }
/^(ok|FAIL|---|\?)[ \t]+[^ \t]+\// && !/^--- / { passed[$2] = ran; ran = 0 }

END {
    n = split(wanted, packages, " ")
    for (i = 1; i <= n; i++) {
        count = 0
        for (name in passed)
            if (substr(name, length(name) - length(packages[i])) == "/" packages[i]) count += passed[name]
        printf "%s: %d passed on a container\n", packages[i], count
        if (!count) failed = 1
    }
    if (failed) print "tests on containers are missing"
    exit failed
}

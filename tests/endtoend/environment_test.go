package endtoend

import (
	"net"
	"regexp"
	"strings"
	"testing"

	"onestroke/impl/config"
	"onestroke/tests/service"
)

func TestAnInvalidVariableIsNamedAtTheStart(t *testing.T) {
	t.Parallel()
	program := service.Build(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, takenPort, _ := net.SplitHostPort(taken.Addr().String())

	const secret = "hunter2"
	tried := map[string][][]string{
		"HOST":                {{"HOST=127.0.0.1:80"}, {"HOST=a b"}, {"HOST=[::1]"}, {"HOST=192.0.2.1", "SIMULATOR=on"}},
		"PORT":                {{"PORT=http"}, {"PORT=65536"}, {"PORT=-1"}, {"PORT=" + takenPort}},
		"BASE_PATH":           {{"BASE_PATH=applet"}, {"BASE_PATH=/"}, {"BASE_PATH=/a/"}, {"BASE_PATH=/a/../b"}, {"BASE_PATH=/v1"}, {"BASE_PATH=/simulator/x"}, {"BASE_PATH=/assets"}, {"BASE_PATH=/admin"}, {"BASE_PATH=/{id}"}},
		"DATA_DIR":            {{"DATA_DIR=/dev/null/data"}},
		"REDIS_URL_FILE":      {{"REDIS_URL_FILE=/nowhere"}, {"REDIS_URL_FILE=/dev/null"}},
		"REDIS_URL":           {{"REDIS_URL=127.0.0.1:6379"}, {"REDIS_URL=http://:hunter2@localhost"}, {"REDIS_URL=redis://:hunter2@localhost:port"}, {"REDIS_URL=redis://:hunter2@localhost/x"}, {"REDIS_URL=redis://:hun%zzter2@localhost"}, {"REDIS_URL=redis://:hunter2@localhost?addr=other"}, {"REDIS_URL=redis://:hunter2@localhost?master_name="}, {"REDIS_URL=redis://localhost?password=hunter2&unknown=1"}},
		"MONGODB_URI":         {{"MONGODB_URI=mongodb+srv://me:hunter2@no-such-host.invalid"}, {"MONGODB_URI=localhost"}, {"MONGODB_URI=mongodb://me:hunter2@"}, {"MONGODB_URI=mongodb://me:hun/ter2@localhost"}, {"MONGODB_URI=mongodb://me:hunter2@localhost/?tls=maybe"}, {"MONGODB_URI=mongodb://me:hunter2@localhost/?replicaSet=a&directConnection=true&loadBalanced=true"}},
		"WECHAT_APP_ID":       {{"WECHAT_APP_ID=wx 1", "WECHAT_APP_SECRET=hunter2"}, {"WECHAT_APP_SECRET=hunter2"}, {"SIMULATOR=off"}, {"HOST=0.0.0.0"}},
		"WECHAT_APP_SECRET":   {{"WECHAT_APP_ID=wx1"}, {"WECHAT_APP_ID=wx1", "WECHAT_APP_SECRET=hunter2 hunter2"}},
		"TLS_CERT_FILE":       {{"TLS_CERT_FILE=cert.pem"}, {"TLS_CERT_FILE=/nowhere", "TLS_KEY_FILE=/nowhere"}, {"TLS_CERT_FILE=/dev/null", "TLS_KEY_FILE=/dev/null"}},
		"TLS_KEY_FILE":        {{"TLS_KEY_FILE=key.pem"}},
		"CORS_ORIGINS":        {{"CORS_ORIGINS=*"}},
		"READ_HEADER_TIMEOUT": {{"READ_HEADER_TIMEOUT=0s"}},
		"READ_TIMEOUT":        {{"READ_TIMEOUT=1d"}},
		"WRITE_TIMEOUT":       {{"WRITE_TIMEOUT=60"}},
		"IDLE_TIMEOUT":        {{"IDLE_TIMEOUT=-1s"}},
		"MAX_HEADER_BYTES":    {{"MAX_HEADER_BYTES=64K"}},
		"MAX_BODY_BYTES":      {{"MAX_BODY_BYTES=1048576"}},
		"MAX_IN_FLIGHT":       {{"MAX_IN_FLIGHT=0"}},
		"MAX_EXPORTS":         {{"MAX_EXPORTS=0"}},
		"MAX_BODY_MEMORY":     {{"MAX_BODY_MEMORY=64MiB"}},
		"LOG_LEVEL":           {{"LOG_LEVEL=loud"}},
		"SHUTDOWN_DELAY":      {{"SHUTDOWN_DELAY=5"}},
		"DRAWING_QUOTA":       {{"DRAWING_QUOTA=-1"}},
		"WECHAT_API_URL":      {{"WECHAT_API_URL=https://me:hunter2@api.weixin.qq.com"}, {"WECHAT_API_URL=api.weixin.qq.com"}, {"WECHAT_API_URL=ftp://me:hunter2@api.weixin.qq.com"}},
		"WECHAT_TIMEOUT":      {{"WECHAT_TIMEOUT=5"}, {"WECHAT_TIMEOUT=1ms"}, {"WECHAT_TIMEOUT=2m"}},
		"WECHAT_DATA_MAX_AGE": {{"WECHAT_DATA_MAX_AGE=old"}, {"WECHAT_DATA_MAX_AGE=0s"}},
		"SIMULATOR":           {{"SIMULATOR=yes"}},
		"SESSION_IDLE":        {{"SESSION_IDLE=2"}, {"SESSION_IDLE=1s"}},
		"SESSION_MAX_AGE":     {{"SESSION_MAX_AGE=30d"}, {"SESSION_MAX_AGE=-1h"}},
		"SHUTDOWN_TIMEOUT":    {{"SHUTDOWN_TIMEOUT=soon"}, {"SHUTDOWN_TIMEOUT=2h"}},
		"TRUSTED_PROXIES":     {{"TRUSTED_PROXIES=proxy"}, {"TRUSTED_PROXIES=10.0.0.0/33"}, {"TRUSTED_PROXIES=10.0.0.1,"}},
		"TRUST_CLOUD_RUN":     {{"TRUST_CLOUD_RUN=maybe"}},

		"CONTENT_CHECK":        {{"CONTENT_CHECK=on"}},
		"PUBLIC_URL":           {{"PUBLIC_URL=example.com"}, {"PUBLIC_URL=https://me:hunter2@example.com"}},
		"WECHAT_PUSH_TOKEN":    {{"WECHAT_PUSH_TOKEN=hunter2 hunter2"}},
		"WECHAT_PUSH_AES_KEY":  {{"WECHAT_PUSH_AES_KEY=hunter2", "WECHAT_PUSH_TOKEN=AAAAA"}},
		"WECHAT_WITHOUT_TOKEN": {{"WECHAT_WITHOUT_TOKEN=maybe"}},
		"SEAL_KEY":             {{"SEAL_KEY=hunter2"}},
		"ADMIN_TOKEN":          {{"ADMIN_TOKEN=hunter2"}},
		"WECHAT_CODE_PAGE":     {{"WECHAT_CODE_PAGE=/pages"}},
		"WECHAT_CODE_VERSION":  {{"WECHAT_CODE_VERSION=released"}},

		"SLOW_REQUEST":                {{"SLOW_REQUEST=1"}},
		"ADMIN_HOST":                  {{"ADMIN_HOST=a b"}},
		"ADMIN_PORT":                  {{"ADMIN_PORT=http"}},
		"OTEL_EXPORTER_OTLP_ENDPOINT": {{"OTEL_EXPORTER_OTLP_ENDPOINT=localhost"}},
		"OTEL_EXPORTER_OTLP_HEADERS":  {{"OTEL_EXPORTER_OTLP_HEADERS=hunter2"}},

		"OTEL_EXPORTER_OTLP_TIMEOUT":     invalid("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", "0", "3600001", "9000000000000000000"),
		"OTEL_BSP_SCHEDULE_DELAY":        invalid("OTEL_BSP_SCHEDULE_DELAY", "0", "3600001", "9000000000000000000"),
		"OTEL_BSP_EXPORT_TIMEOUT":        invalid("OTEL_BSP_EXPORT_TIMEOUT", "-1", "3600001", "9000000000000000000"),
		"OTEL_BSP_MAX_QUEUE_SIZE":        invalid("OTEL_BSP_MAX_QUEUE_SIZE", "abc", "0", "-1", "1000001", "9000000000000000000"),
		"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": invalid("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "-1", "1000001", "9000000000000000000"),
		"OTEL_TRACES_SAMPLER":            invalid("OTEL_TRACES_SAMPLER", "ratio", "jaeger_remote"),
		"OTEL_TRACES_SAMPLER_ARG": append(
			sampled("traceidratio", "2", "-0.1", "NaN", "half"), sampled("parentbased_traceidratio", "10%")...),

		"LOGIN_RATE_PER_MINUTE":   {{"LOGIN_RATE_PER_MINUTE=many"}, {"LOGIN_RATE_PER_MINUTE=-1"}},
		"SHARE_RATE_PER_MINUTE":   {{"SHARE_RATE_PER_MINUTE=many"}, {"SHARE_RATE_PER_MINUTE=-1"}},
		"REQUEST_RATE_PER_MINUTE": {{"REQUEST_RATE_PER_MINUTE=1.5"}, {"REQUEST_RATE_PER_MINUTE=-1"}},
	}
	for _, v := range config.Variables() {
		if tried[v.Name] == nil {
			t.Errorf("no invalid value of %s is tested", v.Name)
		}
	}
	for variable, environments := range tried {
		for _, env := range environments {
			t.Run(strings.Join(env, " "), func(t *testing.T) {
				refuses(t, program, env, variable, secret)
			})
		}
	}
}

// invalid returns an environment for each value of a variable that counts only where
// traces are sent.
func invalid(variable string, values ...string) (environments [][]string) {
	for _, value := range values {
		environments = append(environments, []string{variable + "=" + value, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"})
	}
	return environments
}

// sampled returns an environment for each value of OTEL_TRACES_SAMPLER_ARG.
func sampled(sampler string, args ...string) (environments [][]string) {
	for _, env := range invalid("OTEL_TRACES_SAMPLER_ARG", args...) {
		environments = append(environments, append(env, "OTEL_TRACES_SAMPLER="+sampler))
	}
	return environments
}

func TestABuildWithoutTheSimulatorNeedsAnAppID(t *testing.T) {
	t.Parallel()
	refuses(t, service.BuildWithoutSimulator(t), nil, "WECHAT_APP_ID", "")
}

// refuses checks that the program does not start, names the variable in one line of
// text, and shows no password.
func refuses(t *testing.T, program service.Binary, env []string, variable, secret string) {
	t.Helper()
	code, output := program.Refused(t, env...)
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	if strings.Count(output, "\n") != 1 || !regexp.MustCompile(`^onestroke: .*\b`+variable+`\b`).MatchString(output) {
		t.Errorf("it wrote %q", output)
	}
	if secret != "" && strings.Contains(output, secret) {
		t.Errorf("it wrote the password: %q", output)
	}
}

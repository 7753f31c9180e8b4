// Package kubernetes checks deploy/kubernetes as an API server would: the types of
// its objects, without unknown fields, and the restricted level of the Pod Security
// Standards.
package kubernetes

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const folder = "../../deploy/kubernetes"

func TestEveryFileIsUsed(t *testing.T) {
	files, err := filepath.Glob(folder + "/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// The kustomization itself is none, and the example must not be applied; the
	// other files are one object each.
	if objects := build(t); len(objects) != len(files)-2 {
		t.Errorf("%d objects of %d files", len(objects), len(files))
	}
}

func TestTheExampleHasTheFormOfASecret(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(folder, "secret.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	secret, ok := decode(t, text).(*corev1.Secret)
	if !ok {
		t.Fatal("it is no Secret")
	}
	if from := container(t).EnvFrom; !slices.ContainsFunc(from, func(e corev1.EnvFromSource) bool {
		return e.SecretRef != nil && e.SecretRef.Name == secret.Name
	}) {
		t.Errorf("the Deployment reads %v, not %s", from, secret.Name)
	}
}

func TestThePodsAreAllowedInARestrictedNamespace(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		t.Fatal(err)
	}
	namespace := one[*corev1.Namespace](t)
	level, invalid := api.PolicyToEvaluate(namespace.Labels, api.Policy{})
	if len(invalid) > 0 || level.Enforce.Level != api.LevelRestricted {
		t.Fatalf("the namespace enforces %v, %v", level.Enforce, invalid)
	}
	pod := one[*appsv1.Deployment](t).Spec.Template
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(level.Enforce, &pod.ObjectMeta, &pod.Spec))
	if !result.Allowed {
		t.Error(result.ForbiddenDetail())
	}
}

// Every selector finds the Deployment's pods, and every name what it names.
func TestTheObjectsFindEachOther(t *testing.T) {
	deployment, service, ingress := one[*appsv1.Deployment](t), one[*corev1.Service](t), one[*networkingv1.Ingress](t)
	pod := labels.Set(deployment.Spec.Template.Labels)
	for name, selector := range map[string]*metav1.LabelSelector{
		"Deployment":          deployment.Spec.Selector,
		"Service":             {MatchLabels: service.Spec.Selector},
		"PodDisruptionBudget": one[*policyv1.PodDisruptionBudget](t).Spec.Selector,
		"NetworkPolicy":       &one[*networkingv1.NetworkPolicy](t).Spec.PodSelector,
		"spread":              deployment.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector,
	} {
		parsed, err := metav1.LabelSelectorAsSelector(selector)
		if err != nil || parsed.Empty() || !parsed.Matches(pod) {
			t.Errorf("the %s selects %v (%v), and the pods are %v", name, parsed, err, pod)
		}
	}
	for key, value := range pod {
		if problems := append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...); problems != nil {
			t.Error(problems)
		}
	}
	ports := container(t).Ports
	allowed := one[*networkingv1.NetworkPolicy](t).Spec.Ingress[0].Ports[0].Port.StrVal
	probes := []string{container(t).ReadinessProbe.HTTPGet.Port.StrVal, container(t).LivenessProbe.HTTPGet.Port.StrVal}
	for _, port := range append(probes, service.Spec.Ports[0].TargetPort.StrVal, allowed) {
		if port != ports[0].Name {
			t.Errorf("the container has no port %q", port)
		}
	}
	backend := ingress.Spec.Rules[0].HTTP.Paths[0].Backend.Service
	if backend.Name != service.Name || backend.Port.Name != service.Spec.Ports[0].Name {
		t.Errorf("the Ingress leads to %v", backend)
	}
	if host := ingress.Spec.Rules[0].Host; !slices.Contains(ingress.Spec.TLS[0].Hosts, host) {
		t.Errorf("%s has no certificate", host)
	}
	scaled := one[*autoscalingv2.HorizontalPodAutoscaler](t).Spec.ScaleTargetRef
	if scaled.Kind != deployment.Kind || scaled.APIVersion != deployment.APIVersion || scaled.Name != deployment.Name {
		t.Errorf("the autoscaler scales %v", scaled)
	}
	if config := one[*corev1.ConfigMap](t).Name; container(t).EnvFrom[0].ConfigMapRef.Name != config {
		t.Errorf("the Deployment does not read %s", config)
	}
}

// build is what kubectl apply --kustomize would send.
func build(t *testing.T) (objects []runtime.Object) {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range made.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, decode(t, text))
	}
	return objects
}

// one is the only object of its kind.
func one[T runtime.Object](t *testing.T) T {
	t.Helper()
	var found []T
	for _, object := range build(t) {
		if o, ok := object.(T); ok {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		t.Fatalf("there are %d %T", len(found), found)
	}
	return found[0]
}

func container(t *testing.T) corev1.Container {
	t.Helper()
	return one[*appsv1.Deployment](t).Spec.Template.Spec.Containers[0]
}

// decode fails on a field that the object's type does not have, or has twice.
func decode(t *testing.T, text []byte) runtime.Object {
	t.Helper()
	object, _, err := strict.Decode(text, nil, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return object
}

var strict = func() runtime.Decoder {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}()

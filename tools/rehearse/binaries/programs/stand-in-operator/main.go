// Command stand-in-operator takes the Flux Operator's place in the rehearsal, where its image is out of reach. With the operator's own
// account it makes of each MiniCluster what the operator makes (ConfigMap, headless Service, Indexed Job; names, labels and the pod's
// fields as flux-framework/flux-operator:controllers/flux@0d75cef8 sets them), and puts the label job-index on the pods. There is no Flux:
// the container runs the rehearsal's own program in place of the operator's scripts.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	secrets = "/var/run/secrets/kubernetes.io/serviceaccount/"
	group   = "/apis/flux-framework.org/v1alpha2"
	lease   = "/apis/coordination.k8s.io/v1/namespaces/%s/leases"
	leader  = "14dde902.flux-framework.org"
)

type object = map[string]any

type server struct {
	url   string
	token string
	http  *http.Client
}

func main() {
	api, namespace, err := connect()
	if err != nil {
		fail("%v", err)
	}
	go health()
	if err := api.lead(namespace); err != nil {
		fail("leader election: %v", err)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	for {
		if err := api.reconcileAll(); err != nil {
			fmt.Fprintf(os.Stderr, "stand-in-operator: %v\n", err)
		}
		select {
		case <-end:
			return
		case <-time.After(time.Second):
		}
	}
}

func health() {
	ok := func(response http.ResponseWriter, _ *http.Request) { response.WriteHeader(http.StatusOK) }
	http.HandleFunc("/healthz", ok)
	http.HandleFunc("/readyz", ok)
	if err := (&http.Server{Addr: ":8081", ReadHeaderTimeout: 5 * time.Second}).ListenAndServe(); err != nil {
		fail("%v", err)
	}
}

func connect() (*server, string, error) {
	token, err := os.ReadFile(secrets + "token")
	if err != nil {
		return nil, "", err
	}
	authority, err := os.ReadFile(secrets + "ca.crt")
	if err != nil {
		return nil, "", err
	}
	namespace, err := os.ReadFile(secrets + "namespace")
	if err != nil {
		return nil, "", err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	url := "https://" + os.Getenv("KUBERNETES_SERVICE_HOST") + ":" + os.Getenv("KUBERNETES_SERVICE_PORT")
	return &server{url: url, token: string(token), http: client}, string(namespace), nil
}

// call answers with the decoded body. A conflict with what is there already is no error.
func (api *server) call(method, path, kind string, body any) (object, error) {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, api.url+path, reader)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+api.token)
	request.Header.Set("Content-Type", kind)
	response, err := api.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 && response.StatusCode != http.StatusConflict {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, strings.TrimSpace(string(text)))
	}
	answer := object{}
	return answer, json.Unmarshal(text, &answer)
}

func (api *server) make(path string, body object) error {
	_, err := api.call(http.MethodPost, path, "application/json", body)
	return err
}

// lead takes the lease once; the rehearsal never runs two.
func (api *server) lead(namespace string) error {
	return api.make(fmt.Sprintf(lease, namespace), object{
		"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
		"metadata": object{"name": leader, "namespace": namespace},
		"spec":     object{"holderIdentity": "stand-in-operator", "leaseDurationSeconds": 15},
	})
}

func (api *server) reconcileAll() error {
	list, err := api.call(http.MethodGet, group+"/miniclusters", "application/json", nil)
	if err != nil {
		return err
	}
	for _, item := range array(list["items"]) {
		mini := item.(object)
		if dig(mini, "metadata", "deletionTimestamp") != nil {
			continue
		}
		if err := api.reconcile(mini); err != nil {
			return err
		}
	}
	return nil
}

func (api *server) reconcile(mini object) error {
	name, namespace := text(dig(mini, "metadata", "name")), text(dig(mini, "metadata", "namespace"))
	owner := []any{object{
		"apiVersion": "flux-framework.org/v1alpha2", "kind": "MiniCluster", "name": name, "uid": dig(mini, "metadata", "uid"),
		"controller": true, "blockOwnerDeletion": true,
	}}
	core := "/api/v1/namespaces/" + namespace
	headless := text(dig(mini, "spec", "network", "headlessName"))
	if headless == "" {
		headless = name
	}
	jobs, err := api.call(http.MethodGet, "/apis/batch/v1/namespaces/"+namespace+"/jobs?fieldSelector=metadata.name="+name, "application/json", nil)
	if err != nil {
		return err
	}
	if len(array(jobs["items"])) == 0 {
		if err := api.make(core+"/configmaps", object{
			"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": object{"name": name + "-entrypoint", "namespace": namespace, "ownerReferences": owner},
			"data":     object{"curve.cert": text(dig(mini, "spec", "flux", "curveCert"))},
		}); err != nil {
			return err
		}
		if err := api.make(core+"/services", object{
			"apiVersion": "v1", "kind": "Service",
			"metadata": object{"name": headless, "namespace": namespace, "ownerReferences": owner},
			"spec":     object{"clusterIP": "None", "selector": object{"job-name": name}},
		}); err != nil {
			return err
		}
		if err := api.make("/apis/batch/v1/namespaces/"+namespace+"/jobs", job(mini, name, namespace, headless, owner)); err != nil {
			return err
		}
		fmt.Printf("made the Job of %s/%s\n", namespace, name)
	}
	return api.labelPods(name, namespace)
}

// job is what the operator makes, but for what runs in it.
func job(mini object, name, namespace, headless string, owner []any) object {
	spec, _ := mini["spec"].(object)
	pod, _ := spec["pod"].(object)
	size := spec["size"]
	labels := object{"app": "flux-operator", "app.kubernetes.io/name": name, "namespace": namespace, "hpa-selector": name}
	for key, value := range dict(pod["labels"]) {
		labels[key] = value
	}
	template := object{
		"subdomain": headless, "setHostnameAsFQDN": false, "automountServiceAccountToken": false, "restartPolicy": "OnFailure",
		"containers": []any{container(spec, name)},
		"volumes":    []any{object{"name": "shm", "emptyDir": object{"medium": "Memory"}}},
	}
	for _, key := range []string{"schedulerName", "nodeSelector", "tolerations", "serviceAccountName", "runtimeClassName"} {
		if pod[key] != nil {
			template[key] = pod[key]
		}
	}
	template["affinity"] = affinity(spec, pod, name)
	return object{
		"apiVersion": "batch/v1", "kind": "Job",
		"metadata": object{"name": name, "namespace": namespace, "ownerReferences": owner, "labels": dict(spec["jobLabels"])},
		"spec": object{
			"completionMode": "Indexed", "completions": size, "parallelism": size, "backoffLimit": 100,
			"activeDeadlineSeconds": spec["deadlineSeconds"],
			"template":              object{"metadata": object{"labels": labels, "annotations": dict(pod["annotations"])}, "spec": template},
		},
	}
}

// affinity: soft towards one zone and away from each other, unless switched off, and then the user's node affinity goes with it.
func affinity(spec, pod object, name string) any {
	if dig(spec, "network", "disableAffinity") == true {
		return nil
	}
	same := object{"labelSelector": object{"matchLabels": object{"job-name": name}}}
	soft := func(key string) []any {
		term := object{"topologyKey": key}
		for each, value := range same {
			term[each] = value
		}
		return []any{object{"weight": 100, "podAffinityTerm": term}}
	}
	result := object{
		"podAffinity":     object{"preferredDuringSchedulingIgnoredDuringExecution": soft("topology.kubernetes.io/zone")},
		"podAntiAffinity": object{"preferredDuringSchedulingIgnoredDuringExecution": soft("kubernetes.io/hostname")},
	}
	rules := []any{}
	for key, values := range dict(pod["nodeAffinity"]) {
		rules = append(rules, object{"key": key, "operator": "In", "values": values})
	}
	if len(rules) > 0 {
		terms := []any{object{"matchExpressions": rules}}
		result["nodeAffinity"] = object{"requiredDuringSchedulingIgnoredDuringExecution": object{"nodeSelectorTerms": terms}}
	}
	return result
}

// container keeps the user's image, resources and environment; in place of Flux it holds until it is ended.
func container(spec object, name string) object {
	first, _ := array(spec["containers"])[0].(object)
	environment := []any{}
	for key, value := range dict(first["environment"]) {
		environment = append(environment, object{"name": key, "value": value})
	}
	made := object{
		"name": name, "image": first["image"], "command": []any{"/turducken-work", "hold"}, "env": environment,
		"volumeMounts": []any{object{"name": "shm", "mountPath": "/dev/shm"}},
	}
	for _, key := range []string{"resources", "securityContext"} {
		if first[key] != nil {
			made[key] = first[key]
		}
	}
	return made
}

func (api *server) labelPods(name, namespace string) error {
	core := "/api/v1/namespaces/" + namespace + "/pods"
	pods, err := api.call(http.MethodGet, core+"?labelSelector=job-name%3D"+name+",!job-index", "application/json", nil)
	if err != nil {
		return err
	}
	for _, item := range array(pods["items"]) {
		index := text(dig(item, "metadata", "annotations", "batch.kubernetes.io/job-completion-index"))
		patch := object{"metadata": object{"labels": object{"job-index": index}}}
		if _, err := api.call(http.MethodPatch, core+"/"+text(dig(item, "metadata", "name")), "application/merge-patch+json", patch); err != nil {
			return err
		}
	}
	return nil
}

func dig(value any, path ...string) any {
	for _, key := range path {
		here, ok := value.(object)
		if !ok {
			return nil
		}
		value = here[key]
	}
	return value
}

func dict(value any) object {
	found, _ := value.(object)
	if found == nil {
		return object{}
	}
	return found
}

func array(value any) []any {
	found, _ := value.([]any)
	return found
}

func text(value any) string {
	found, _ := value.(string)
	return found
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "stand-in-operator: "+format+"\n", arguments...)
	os.Exit(1)
}

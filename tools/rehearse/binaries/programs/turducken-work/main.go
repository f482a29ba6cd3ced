// Command turducken-work is what the rehearsal's pods run.
//
//	serve [address]   answers every request with a JSON line about itself (default :8080)
//	hold [seconds]    serves on :8080 and ends with 0 on SIGTERM or after that many seconds
//	probe URL...      asks each URL until it answers 200, at most 60 s in all; 1 if one never does
//	lookup NAME...    resolves each name, at most 60 s in all; 1 if one cannot be
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const patience = 60 * time.Second

// about is the answer to a request: who answered and who asked. Only variables that tell where a pod runs are shown.
type about struct {
	Host      string            `json:"host"`
	Node      string            `json:"node"`
	Addresses []string          `json:"addresses"`
	Client    string            `json:"client"`
	Env       map[string]string `json:"env"`
}

func main() {
	arguments := os.Args[1:]
	command := "serve"
	if len(arguments) > 0 {
		command, arguments = arguments[0], arguments[1:]
	}
	switch command {
	case "serve":
		address := ":8080"
		if len(arguments) > 0 {
			address = arguments[0]
		}
		serve(address, nil)
	case "hold":
		hold(arguments)
	case "probe":
		each(arguments, ask)
	case "lookup":
		each(arguments, lookup)
	default:
		fail(2, "unknown command %q: serve, hold, probe or lookup", command)
	}
}

func serve(address string, end <-chan time.Time) {
	server := &http.Server{Addr: address, Handler: http.HandlerFunc(tell), ReadHeaderTimeout: 10 * time.Second}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		fail(1, "%v", err)
	case <-signals:
	case <-end:
	}
}

func hold(arguments []string) {
	var end <-chan time.Time
	if len(arguments) > 0 {
		seconds, err := strconv.Atoi(arguments[0])
		if err != nil {
			fail(2, "hold: %q is not a number of seconds", arguments[0])
		}
		end = time.After(time.Duration(seconds) * time.Second)
	}
	host, _ := os.Hostname()
	fmt.Printf("%s holds on %s\n", host, os.Getenv("NODE_NAME"))
	serve(":8080", end)
}

func tell(response http.ResponseWriter, request *http.Request) {
	host, _ := os.Hostname()
	answer := about{Host: host, Node: os.Getenv("NODE_NAME"), Addresses: addresses(), Client: request.RemoteAddr, Env: placement()}
	response.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(response).Encode(answer)
}

func placement() map[string]string {
	shown := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "JOB_") || strings.HasPrefix(name, "POD_") || strings.HasPrefix(name, "TURDUCKEN_") {
			shown[name] = value
		}
	}
	return shown
}

func addresses() []string {
	found := []string{}
	all, _ := net.InterfaceAddrs()
	for _, address := range all {
		if network, ok := address.(*net.IPNet); ok && !network.IP.IsLoopback() && network.IP.To4() != nil {
			found = append(found, network.IP.String())
		}
	}
	return found
}

// each tries all targets; every one gets its tries even when an earlier one has failed.
func each(targets []string, try func(string) (string, error)) {
	if len(targets) == 0 {
		fail(2, "nothing to ask")
	}
	deadline := time.Now().Add(patience)
	failed := false
	for _, target := range targets {
		answer, err := try(target)
		for err != nil && time.Now().Before(deadline) {
			time.Sleep(250 * time.Millisecond)
			answer, err = try(target)
		}
		if err != nil {
			failed = true
			fmt.Printf("%s failed: %v\n", target, err)
			continue
		}
		fmt.Printf("%s %s\n", target, answer)
	}
	if failed {
		os.Exit(1)
	}
}

func ask(url string) (string, error) {
	client := &http.Client{Timeout: 3 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %s", response.Status)
	}
	return strings.TrimSpace(string(body)), err
}

func lookup(name string) (string, error) {
	context, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	found, err := net.DefaultResolver.LookupHost(context, name)
	return strings.Join(found, ","), err
}

func fail(code int, format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "turducken-work: "+format+"\n", arguments...)
	os.Exit(code)
}

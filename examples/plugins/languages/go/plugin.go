// A plugin for Sluice in Go: call("add", "add", {x = 1, y = 2}) answers 3.
//
//	CGO_CFLAGS=-I/…/plugins/include go build -buildmode=c-shared -o add.so .
//
// plugin.c holds what Go cannot say. Mind docs/plugins.md, "Go": the whole Go runtime comes into the server.
package main

// #include <stdlib.h>
// #include "sluice/plugin.h"
// void host_succeed(sluice_host *host, sluice_call *call, const char *json, size_t size);
// void host_fail(sluice_host *host, sluice_call *call, const char *message, size_t size);
// void host_log(sluice_host *host, const char *text, size_t size);
import "C"

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime/cgo"
	"strconv"
	"strings"
	"unsafe"
)

// What is kept between calls. They come from several threads at once: what changes needs a lock.
type state struct {
	host *C.sluice_host // lives until close has returned
}

func main() {} // c-shared wants one

// Answers a handle for the state, or 0 and the reason in error. C must not keep Go's pointers, so it keeps the handle.
//
//export goOpen
func goOpen(host *C.sluice_host, config *C.char, configSize C.size_t, message *C.char, messageSize C.size_t) C.uintptr_t {
	if err := readConfig(C.GoBytes(unsafe.Pointer(config), C.int(configSize))); err != nil {
		room := unsafe.Slice((*byte)(unsafe.Pointer(message)), int(messageSize))
		room[copy(room[:len(room)-1], err.Error())] = 0
		return 0
	}
	line := fmt.Sprintf("adds numbers, up to %d calls at a time", uint32(host.concurrency))
	text := C.CString(line)
	defer C.free(unsafe.Pointer(text))
	C.host_log(host, text, C.size_t(len(line)))
	return C.uintptr_t(cgo.NewHandle(&state{host}))
}

func readConfig(text []byte) error {
	var keys map[string]any
	if json.Unmarshal(text, &keys) != nil {
		return errors.New("the configuration is no JSON object")
	}
	for key := range keys {
		return fmt.Errorf("there is no key '%s'", key)
	}
	return nil
}

//export goCall
func goCall(handle C.uintptr_t, action *C.char, payload *C.char, size C.size_t, call *C.sluice_call) {
	host := cgo.Handle(handle).Value().(*state).host
	answer, err := serve(C.GoString(action), C.GoBytes(unsafe.Pointer(payload), C.int(size)))
	if err != nil {
		answer = err.Error()
	}
	text := C.CString(answer)
	defer C.free(unsafe.Pointer(text))
	if err != nil {
		C.host_fail(host, call, text, C.size_t(len(answer)))
	} else {
		C.host_succeed(host, call, text, C.size_t(len(answer)))
	}
}

//export goClose
func goClose(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
}

// JSON in, JSON or an error out. A panic must not get out: it would take the server along.
func serve(action string, payload []byte) (answer string, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the plugin failed inside")
		}
	}()
	if action != "add" {
		return "", errors.New("there is no such action")
	}
	return add(payload)
}

func add(payload []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber() // else every number becomes a float64, and integers beyond 2^53 others
	var keys map[string]any
	if decoder.Decode(&keys) != nil {
		return "", errors.New("the payload must be an object")
	}
	var numbers [2]json.Number
	for i, key := range []string{"x", "y"} {
		value, there := keys[key]
		if !there {
			return "", fmt.Errorf("the payload needs '%s', a number", key)
		}
		number, isNumber := value.(json.Number)
		if !isNumber {
			return "", fmt.Errorf("'%s' must be a number", key)
		}
		numbers[i] = number
	}
	a, notA := numbers[0].Int64()
	b, notB := numbers[1].Int64()
	if notA == nil && notB == nil {
		if sum := a + b; (sum > a) == (b > 0) {
			return strconv.FormatInt(sum, 10), nil
		}
		return "", errors.New("x + y is beyond the integers of 64 bits")
	}
	x, _ := numbers[0].Float64()
	y, _ := numbers[1].Float64()
	sum := x + y
	if math.IsInf(sum, 0) {
		return "", errors.New("x + y is beyond what a JSON number can be")
	}
	text := strconv.FormatFloat(sum, 'g', -1, 64) // reads back as the same
	if !strings.ContainsAny(text, ".e") {
		text += ".0" // a float, in Lua as well
	}
	return text, nil
}

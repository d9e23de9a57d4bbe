// Command fakegpu is a kubelet device plugin that offers graphics cards which do not exist.
//
// The number of healthy cards is read from a file once a second, so that a person or a test can
// take cards away and give them back. Cards beyond that number, up to the most there ever were,
// are reported unhealthy, as a real plugin does with a card that fell off the bus.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

const endpoint = "kompass-fakegpu.sock"

type plugin struct {
	api.UnimplementedDevicePluginServer
	countFile string
}

func (p plugin) count() int {
	text, err := os.ReadFile(p.countFile)
	if err != nil {
		return 0
	}
	count, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return count
}

func (p plugin) GetDevicePluginOptions(context.Context, *api.Empty) (*api.DevicePluginOptions, error) {
	return &api.DevicePluginOptions{}, nil
}

func (p plugin) ListAndWatch(_ *api.Empty, stream grpc.ServerStreamingServer[api.ListAndWatchResponse]) error {
	most, sent := 0, -1
	for {
		healthy := p.count()
		if healthy != sent {
			most = max(most, healthy)
			if err := stream.Send(&api.ListAndWatchResponse{Devices: devices(healthy, most)}); err != nil {
				return err
			}
			sent = healthy
		}
		select {
		case <-stream.Context().Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

func devices(healthy, most int) []*api.Device {
	var found []*api.Device
	for i := range most {
		health := api.Healthy
		if i >= healthy {
			health = api.Unhealthy
		}
		found = append(found, &api.Device{ID: fmt.Sprintf("GPU-fake-%d", i), Health: health})
	}
	return found
}

func (p plugin) Allocate(_ context.Context, request *api.AllocateRequest) (*api.AllocateResponse, error) {
	response := &api.AllocateResponse{}
	for _, container := range request.ContainerRequests {
		response.ContainerResponses = append(response.ContainerResponses, &api.ContainerAllocateResponse{
			Envs: map[string]string{"KOMPASS_FAKE_GPUS": strings.Join(container.DevicesIds, ",")},
		})
	}
	return response, nil
}

// serve offers the cards until kubelet removes the socket, which it does when it starts.
func serve(p plugin, resource string) error {
	socket := filepath.Join(api.DevicePluginPath, endpoint)
	_ = os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	api.RegisterDevicePluginServer(server, p)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	if err := register(resource); err != nil {
		return err
	}
	log.Printf("registered %s", resource)
	for {
		if _, err := os.Stat(socket); err != nil {
			return fmt.Errorf("kubelet has started anew: %w", err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func register(resource string) error {
	connection, err := grpc.NewClient("unix://"+api.KubeletSocket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err = api.NewRegistrationClient(connection).Register(ctx, &api.RegisterRequest{
		Version: api.Version, Endpoint: endpoint, ResourceName: resource,
	})
	return err
}

func main() {
	resource := flag.String("resource", "nvidia.com/gpu", "name of the extended resource")
	countFile := flag.String("count-file", "", "file that holds the number of healthy cards")
	flag.Parse()
	for {
		log.Print(serve(plugin{countFile: *countFile}, *resource))
		time.Sleep(200 * time.Millisecond)
	}
}
